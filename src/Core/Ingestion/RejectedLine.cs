namespace TransactionPipeline.Core.Ingestion;

/// <summary>A line that was not accepted. Holds neither the plain id nor the line's text.</summary>
/// <param name="Line">The line's number in the file, from 1 (the header).</param>
/// <param name="Field">The column at fault; empty when the whole line is.</param>
/// <param name="Reason">A code of <see cref="RejectReasons"/>.</param>
public readonly record struct RejectedLine(long Line, string Field, string Reason);
