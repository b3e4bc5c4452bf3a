namespace TransactionPipeline.Contract.History;

/// <summary>Events in a line each, for people.</summary>
public static class HistoryText
{
    /// <summary>An event in a line.</summary>
    public static string Of(HistoryEvent happened) => $"{happened.At:HH:mm:ss.ffffff} {What(happened)}";

    private static string What(HistoryEvent happened) => happened switch
    {
        Changed change =>
            $"{change.Month.Mart}/{change.Month.Month} is now {Line(SaleRow.Text(change.Rows))}{(change.IsTold ? "" : ", after its token")}"
            + (change.VisibleFrom < change.At ? $", or since {change.VisibleFrom:HH:mm:ss.ffffff}" : ""),
        Asked asked =>
            $"#{asked.Id} {asked.Client} asks {asked.Process} for {asked.Key}"
            + (asked.MaxAge is { } age ? $", max-age {age.TotalSeconds:0.###}" : "")
            + (asked.OnlyIfCached ? ", only if cached" : "")
            + (asked.IfNoneMatch is { } seen ? $", has {seen}" : ""),
        Answered answer =>
            $"#{answer.Id} is answered {answer.Status} {answer.Origin} {answer.Version}"
            + (answer.Age is { } age ? $", {age.TotalSeconds:0.######} s old" : "")
            + (answer.DataAsOf is { } asOf ? $", as of {asOf:HH:mm:ss.ffffff}" : "")
            + (answer.Content is { } content ? $": {Line(content)}" : ""),
        Abandoned abandoned => $"#{abandoned.Id} is abandoned",
        QueryBegan began => $"query {began.Id} of {began.Key} begins",
        QueryEnded ended => $"query {ended.Id} {(ended.Succeeded ? "has read" : "fails")}",
        Weighed weighed => $"{weighed.Process} holds {weighed.Bytes} bytes",
        Watched watched => $"{watched.Process} watches {watched.Months} months",
        CommitRefused refused => $"the store refuses {refused.Version} of {refused.Key}",
        Dropped dropped => $"{dropped.Key} is dropped",
        Fault fault => $"{fault.Kind} {fault.Where}{(fault.Mart is null ? "" : $" of {fault.Mart}")}{(fault.IsOver ? " is over" : "")}",
        _ => happened.ToString(),
    };

    private static string Line(string rows) => rows.Length == 0 ? "empty" : rows.Replace("\n", ", ", StringComparison.Ordinal);
}
