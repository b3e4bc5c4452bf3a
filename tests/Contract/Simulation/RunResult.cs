using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>What came of a run.</summary>
internal sealed record RunResult(Plan Plan, IReadOnlyList<HistoryEvent> History, IReadOnlyList<Violation> Violations);
