namespace TransactionPipeline.Web.Dashboard;

/// <summary>The HTML templates, as they are in their files now.</summary>
public interface ITemplateStore
{
    /// <summary>Renders the template <paramref name="name"/> (file <c>name.hbs</c>); every value is HTML-escaped unless the template says otherwise.</summary>
    /// <exception cref="InvalidOperationException">No usable template of that name is known.</exception>
    string Render(string name, object model);
}
