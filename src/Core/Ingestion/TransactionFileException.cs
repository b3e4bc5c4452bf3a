namespace TransactionPipeline.Core.Ingestion;

/// <summary>The file as a whole cannot be taken; nothing of it was. The message says to its sender what is wrong and what is allowed.</summary>
public sealed class TransactionFileException(string message, Exception? cause = null) : Exception(message, cause);
