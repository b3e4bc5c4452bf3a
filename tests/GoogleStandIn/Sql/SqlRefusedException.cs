namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>What BigQuery answers with <c>invalidQuery</c>, or another of its reasons.</summary>
public sealed class SqlRefusedException(string message, string reason = "invalidQuery") : Exception(message)
{
    /// <summary>The <c>reason</c> of the error on the wire.</summary>
    public string Reason { get; } = reason;
}
