namespace TransactionPipeline.Silo.Membership.Resources;

internal sealed record SiloHeartbeatSpec(string Address, DateTime IAmAliveTime);
