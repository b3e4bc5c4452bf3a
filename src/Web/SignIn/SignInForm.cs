namespace TransactionPipeline.Web.SignIn;

/// <summary>The form that signs in, at <c>/token</c> and <c>/login</c>.</summary>
/// <param name="UserName">As typed.</param>
/// <param name="Password">As typed.</param>
/// <param name="ReturnUrl">Where to go after; not to be trusted.</param>
/// <param name="Problem">What is missing or wrong, as a sentence; null when the form is complete.</param>
internal sealed record SignInForm(string UserName, string Password, string? ReturnUrl, string? Problem)
{
    /// <summary>The largest form taken.</summary>
    public const int MaxBytes = 16 * 1024;

    public static async Task<SignInForm> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return Of(request.HasFormContentType ? await request.ReadFormAsync(cancellationToken) : FormCollection.Empty);
        }
        catch (Exception broken) when (broken is InvalidDataException or (IOException and not BadHttpRequestException))
        {
            // IOException: a multipart form that ends too early. The server's own refusals (too large) keep their status.
            return new SignInForm("", "", null, "The form cannot be read: it is broken, or has too many or too long fields.");
        }
    }

    private static SignInForm Of(IFormCollection form)
    {
        var name = form["username"].ToString();
        var password = form["password"].ToString();
        var missing = (string.IsNullOrWhiteSpace(name), string.IsNullOrEmpty(password)) switch
        {
            (true, true) => "The form fields username and password are missing or empty.",
            (true, false) => "The form field username is missing or empty.",
            (false, true) => "The form field password is missing or empty.",
            _ => form["grant_type"].ToString() is not ("" or "password") ? "The form field grant_type can only be 'password'." : null,
        };
        return new SignInForm(name, password, form["return_url"], missing);
    }
}
