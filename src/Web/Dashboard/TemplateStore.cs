using System.Text.RegularExpressions;
using HandlebarsDotNet;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>
/// Compiles the shipped templates and those that replace them, again whenever a file changes. A set that does not compile, or that fails
/// when it is first rendered, is logged and the set before it stays in use: a slip of an operator never takes the page down.
/// </summary>
internal sealed partial class TemplateStore : ITemplateStore
{
    private readonly string _shipped;
    private readonly string? _replacing;
    private readonly AssetStore _assets;
    private readonly ILogger<TemplateStore> _logger;
    private readonly Lock _loading = new();
    private volatile TemplateSet? _current;
    private TemplateSet? _previous;
    private string _triedFingerprint = "";

    /// <param name="shipped">The directory of the shipped templates.</param>
    /// <param name="replacing">The operator's directory, or null.</param>
    /// <param name="assets">Resolves the helper <c>{{asset "name"}}</c>.</param>
    /// <param name="logger">Told of templates that cannot be used.</param>
    public TemplateStore(string shipped, string? replacing, AssetStore assets, ILogger<TemplateStore> logger)
    {
        _shipped = shipped;
        _replacing = replacing;
        _assets = assets;
        _logger = logger;
        if (replacing is not null && !Directory.Exists(replacing)) LogNoDirectory(replacing);
    }

    /// <inheritdoc/>
    public string Render(string name, object model)
    {
        var set = Current();
        try
        {
            return set.Render(name, model);
        }
        catch (HandlebarsException broken) when (BackFrom(set, broken) is { } previous)
        {
            return previous.Render(name, model);
        }
    }

    private TemplateSet Current()
    {
        // A few stats on each page cost microseconds, and unlike a watcher they notice the symlink swap of a mounted ConfigMap.
        var files = Files(includeReplacing: true);
        var fingerprint = Fingerprint(files);
        if (_current is { } current && current.Fingerprint == fingerprint) return current;
        lock (_loading)
        {
            if (_current is { } known && (known.Fingerprint == fingerprint || _triedFingerprint == fingerprint)) return known;
            _triedFingerprint = fingerprint;
            try
            {
                var fresh = new TemplateSet(files, fingerprint, _assets);
                _previous = _current ?? ShippedOrNull();
                return _current = fresh;
            }
            catch (Exception broken) when (broken is HandlebarsException or IOException or UnauthorizedAccessException)
            {
                LogNotLoaded(broken.Message, broken);
                return _current ??= ShippedOrNull()
                    ?? throw new InvalidOperationException($"The templates in {_shipped} cannot be used.", broken);
            }
        }
    }

    private TemplateSet? BackFrom(TemplateSet failed, Exception broken)
    {
        lock (_loading)
        {
            LogNotRendered(broken.Message, broken);
            if (ReferenceEquals(_current, failed) && _previous is not null) (_current, _previous) = (_previous, null);
            return ReferenceEquals(_current, failed) ? null : _current;
        }
    }

    private TemplateSet? ShippedOrNull()
    {
        if (_replacing is null) return null;
        var files = Files(includeReplacing: false);
        return files.Count == 0 ? null : new TemplateSet(files, Fingerprint(files), _assets);
    }

    private SortedDictionary<string, FileInfo> Files(bool includeReplacing)
    {
        var files = new SortedDictionary<string, FileInfo>(StringComparer.Ordinal);
        Add(_shipped);
        if (includeReplacing && _replacing is not null) Add(_replacing);
        return files;

        void Add(string directory)
        {
            if (!Directory.Exists(directory)) return;
            foreach (var path in Directory.EnumerateFiles(directory, "*.hbs"))
            {
                var file = new FileInfo(path);
                files[Path.GetFileNameWithoutExtension(path)] = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            }
        }
    }

    private static string Fingerprint(SortedDictionary<string, FileInfo> files) =>
        string.Join('|', files.Select(file =>
            file.Value.Exists ? $"{file.Value.FullName}:{file.Value.LastWriteTimeUtc.Ticks}:{file.Value.Length}" : file.Key));

    [LoggerMessage(EventId = 4001, Level = LogLevel.Error, Message = "A template cannot be used, the last good ones stay: {Reason}")]
    private partial void LogNotLoaded(string reason, Exception broken);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Error, Message = "A template failed while rendering, the ones before it are used: {Reason}")]
    private partial void LogNotRendered(string reason, Exception broken);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "dashboard:templates names {Directory}, which is not there; the shipped templates are used")]
    private partial void LogNoDirectory(string directory);

    /// <summary>Templates compiled together: each may use every other as a partial.</summary>
    private sealed partial class TemplateSet
    {
        private readonly Dictionary<string, HandlebarsTemplate<object, object>> _templates = new(StringComparer.Ordinal);

        public TemplateSet(SortedDictionary<string, FileInfo> files, string fingerprint, AssetStore assets)
        {
            Fingerprint = fingerprint;
            var handlebars = Handlebars.Create();
            handlebars.RegisterHelper("asset", (writer, _, arguments) => writer.Write(assets.UrlOf($"{arguments[0]}")));
            foreach (var (name, file) in files)
            {
                // Handlebars.Net 2.4.3 leaves a partial's values unescaped when its tag stands alone on an indented line
                // (<script> in a filter would run), so no such tag is left indented.
                var text = IndentationOfPartials().Replace(File.ReadAllText(file.FullName), "");
                try
                {
                    handlebars.RegisterTemplate(name, text);
                    _templates[name] = handlebars.Compile(text);
                }
                catch (HandlebarsException broken)
                {
                    throw new HandlebarsException($"{name}.hbs: {broken.Message}", broken);
                }
            }
        }

        public string Fingerprint { get; }

        public string Render(string name, object model) =>
            _templates.TryGetValue(name, out var template)
                ? template(model)
                : throw new InvalidOperationException($"There is no template {name}.hbs.");

        [GeneratedRegex(@"^[^\S\n]+(?=\{\{~?\s*#?\s*>)", RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
        private static partial Regex IndentationOfPartials();
    }
}
