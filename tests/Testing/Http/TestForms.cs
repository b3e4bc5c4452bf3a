using AngleSharp.Html.Parser;

namespace TransactionPipeline.Testing;

/// <summary>The sign-in forms, filled in.</summary>
internal static class TestForms
{
    public static FormUrlEncodedContent Credentials(string name, string password) => Of(("username", name), ("password", password));

    public static FormUrlEncodedContent Of(params (string Name, string? Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value ?? "")));

    /// <summary>Loads /login and sends its form.</summary>
    public static async Task<HttpResponseMessage> LogInAsync(HttpClient client, string name, string password, string? returnUrl = null)
    {
        var fields = await FieldsAsync(client, returnUrl is null ? "/login" : $"/login?return_url={Uri.EscapeDataString(returnUrl)}");
        return await client.PostAsync("/login", Of([.. fields, ("username", name), ("password", password)]));
    }

    /// <summary>The hidden fields of the form on that page.</summary>
    public static async Task<(string Name, string? Value)[]> FieldsAsync(HttpClient client, string page)
    {
        var document = new HtmlParser().ParseDocument(await client.GetStringAsync(page));
        return [.. document.QuerySelectorAll("form input[type=hidden]").Select(input => (input.GetAttribute("name")!, input.GetAttribute("value")))];
    }
}
