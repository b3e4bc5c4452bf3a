namespace TransactionPipeline.Contract.Chaos;

/// <summary>A silo's process, and what is known of it.</summary>
/// <param name="process">The process.</param>
/// <param name="user">Who it is in PostgreSQL: no other that lives is.</param>
internal sealed class ChaosSilo(ProgramProcess process, string user)
{
    private volatile bool _isReady;
    private volatile bool _isHarmed;
    private int _harms;

    public ProgramProcess Process => process;

    public string User => user;

    /// <summary>Another one for each process: what a history calls it.</summary>
    public string Name => process.Name;

    /// <summary>Whether it said so when it was last asked.</summary>
    public bool IsReady
    {
        get => _isReady;
        set => _isReady = value;
    }

    /// <summary>Whether it has heard that the others had taken it for dead: then it ends by itself, as it is to.</summary>
    public bool HeardOfItsDeath => process.Log.Text.Contains("I have been told I am dead", StringComparison.Ordinal);

    /// <summary>Whether it is killed, stopped or stands still, from before that until it is over.</summary>
    public bool IsHarmed => _isHarmed;

    /// <summary>Whether it was made to end.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Whether it was asked to end in order.</summary>
    public bool WasAskedToGo { get; set; }

    /// <summary>Whether it ended although nobody made it.</summary>
    public bool LeftByItself { get; set; }

    /// <summary>How often it was harmed.</summary>
    public int Harms => Volatile.Read(ref _harms);

    /// <summary>Said before harm is done.</summary>
    public void Harm()
    {
        Interlocked.Increment(ref _harms);
        _isHarmed = true;
    }

    /// <summary>Said when it works again.</summary>
    public void Heal() => _isHarmed = false;
}
