namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>Who signs in to PostgreSQL: from the settings, or from a mounted secret's files as they are now.</summary>
internal sealed class PostgresCredentials(PostgresOptions options)
{
    public string User => Read("user") ?? options.User!;

    public string Password => Read("password") ?? options.Password!;

    private string? Read(string file)
    {
        if (string.IsNullOrWhiteSpace(options.CredentialsDirectory)) return null;
        try
        {
            // Secrets made with an editor or echo end in a line break that is not part of them.
            return File.ReadAllText(Path.Combine(options.CredentialsDirectory, file)).TrimEnd('\r', '\n');
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(
                $"The file '{file}' in data_warehouse:postgres:credentials_directory cannot be read.", unreadable);
        }
    }
}
