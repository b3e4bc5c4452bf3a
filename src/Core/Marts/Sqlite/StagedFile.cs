using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>The file a batch is staged in: under one name while it is written, under another once it is complete and on the disk.</summary>
internal sealed class StagedFile
{
    /// <summary>The file of <paramref name="batchId"/> in <paramref name="directory"/>.</summary>
    /// <exception cref="ArgumentException">The id could be a path.</exception>
    public StagedFile(string directory, string batchId)
    {
        if (batchId.Length == 0 || !batchId.All(char.IsAsciiLetterOrDigit))
            throw new ArgumentException("A batch id has only letters and digits.", nameof(batchId));
        Finished = Path.Combine(directory, batchId + ".db");
        Partial = Path.Combine(directory, batchId + ".partial");
    }

    /// <summary>Its name while rows are added.</summary>
    public string Partial { get; }

    /// <summary>Its name once it is complete.</summary>
    public string Finished { get; }

    /// <summary>Puts the content on the disk, then gives the file its final name.</summary>
    public void Finish()
    {
        using (var file = File.OpenHandle(Partial, FileMode.Open, FileAccess.ReadWrite)) RandomAccess.FlushToDisk(file);
        File.Move(Partial, Finished, overwrite: true);
    }

    /// <summary>Reads all of the complete file; false when it is damaged, true also when that cannot be told at present.</summary>
    public bool IsWhole()
    {
        try
        {
            using var file = new SqliteConnection($"Data Source={Finished};Mode=ReadOnly;Pooling=False");
            file.Open();
            using var check = file.CreateCommand();
            check.CommandText = "SELECT (SELECT count(*) FROM transactions) >= 0 AND (SELECT integrity_check FROM pragma_integrity_check(1)) = 'ok'";
            return check.ExecuteScalar() is 1L;
        }
        catch (SqliteException error)
        {
            // SQLITE_ERROR: it is a database, but not one with our table.
            return error.SqliteErrorCode is not (SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_ERROR);
        }
    }

    /// <summary>Removes it, complete or not.</summary>
    public void Delete()
    {
        if (!Directory.Exists(Path.GetDirectoryName(Partial))) return;
        File.Delete(Partial);
        File.Delete(Finished);
    }
}
