using System.Security.Cryptography;
using System.Text;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Web.Sales;

/// <summary>Where an answer comes from, as its headers tell it.</summary>
/// <param name="ETag">Its identity: the same in every replica, and another for other rows.</param>
/// <param name="Result">How it came to be served.</param>
/// <param name="DataAsOf">It holds every change committed before this.</param>
/// <param name="CheckedAt">When all of it was last known to be right.</param>
internal readonly record struct AnswerOrigin(string ETag, CacheResult Result, DateTimeOffset DataAsOf, DateTimeOffset CheckedAt)
{
    /// <summary>One snapshot. Its version leads the tag: a caller that names one is not given an older version.</summary>
    public static AnswerOrigin Of(in CachedAnswer answer) => new(
        TagOf(answer.Snapshot.Version), answer.Result, answer.Snapshot.DataAsOf, answer.CheckedAt);

    /// <summary>Several snapshots in one answer: as old as the oldest, and came the way of the one that went furthest for it.</summary>
    public static AnswerOrigin Of(IReadOnlyCollection<CachedAnswer> answers) => new(
        $"W/\"m{Hash(string.Join(' ', answers.Select(answer => TagOf(answer.Snapshot.Version))))}\"",
        answers.Max(answer => answer.Result),
        answers.Min(answer => answer.Snapshot.DataAsOf),
        answers.Min(answer => answer.CheckedAt));

    /// <summary>The tag of an answer from a snapshot of that version.</summary>
    public static string TagOf(SnapshotVersion version) => $"W/\"{version}\"";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
