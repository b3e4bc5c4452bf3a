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

    /// <summary>Removes it, complete or not.</summary>
    public void Delete()
    {
        if (!Directory.Exists(Path.GetDirectoryName(Partial))) return;
        File.Delete(Partial);
        File.Delete(Finished);
    }
}
