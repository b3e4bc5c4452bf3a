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

    /// <summary>
    /// Reads all of the complete file. True only when it certainly is damaged, since that is the end of its batch: not when the file
    /// cannot be read at present.
    /// </summary>
    public bool IsDamaged()
    {
        try
        {
            using var file = new SqliteConnection($"Data Source={Finished};Mode=ReadOnly;Pooling=False");
            file.Open();
            using var check = file.CreateCommand();
            check.CommandText = "SELECT count(*) FROM sqlite_schema WHERE name = 'transactions'";
            if (check.ExecuteScalar() is 0L) return true;
            check.CommandText = "PRAGMA integrity_check(1)";
            return check.ExecuteScalar() is not "ok";
        }
        catch (SqliteException error)
        {
            return error.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB;
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
