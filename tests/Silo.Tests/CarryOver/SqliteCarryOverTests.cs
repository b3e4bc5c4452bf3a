using Microsoft.Data.Sqlite;

namespace TransactionPipeline.Silo.Tests.CarryOver;

/// <summary>A state directory of 1.0.</summary>
public sealed class SqliteCarryOverTests : CarryOverContract, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("carry-over-");

    protected override string[] Runs => ["01a217b3559077b49d30b7d57eb69dc9", "01a217b34ced7264a40afca747161403"];

    public void Dispose() => _directory.Delete(recursive: true);

    protected override Task<Dictionary<string, string>> StoredAsync()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Silo.Tests", "CarryOver", "state-1.0")))
            File.Copy(file, Path.Combine(_directory.FullName, Path.GetFileName(file)), overwrite: true);
        return Task.FromResult(new Dictionary<string, string>(StringComparer.Ordinal) { ["state_directory"] = _directory.FullName });
    }

    protected override async Task BreakMartsAsync()
    {
        await using var mart = new SqliteConnection($"Data Source={Path.Combine(_directory.FullName, "mart.db")};Pooling=False");
        await mart.OpenAsync();
        await using var command = mart.CreateCommand();
        command.CommandText = "ALTER TABLE mart_versions RENAME TO gone";
        await command.ExecuteNonQueryAsync();
    }
}
