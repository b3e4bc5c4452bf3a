namespace TransactionPipeline.Core.Marts;

/// <summary>What was staged of a batch is missing or damaged, and no other try will find it. The message is safe to show.</summary>
public sealed class StagingLostException(string message, Exception? cause = null) : Exception(message, cause);
