namespace TransactionPipeline.Web.Hosting;

/// <summary>The app will not start like this; the message is one line that says which setting to mend.</summary>
public sealed class StartRefusedException(string message) : Exception(message);
