using System.Globalization;
using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn.Storage;

/// <summary>All objects with one revision counter and the history of changes, as etcd has them. Objects are never changed in place.</summary>
public sealed class ObjectStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, JsonObject> _objects = [];
    private readonly List<Change> _history = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision = 1000; // Far from the counts that clients keep themselves, so that mixing the two up shows.
    private long _compacted;

    public long Revision
    {
        get
        {
            lock (_lock) return _revision;
        }
    }

    /// <summary>Forgets all history: whoever asks for an older revision gets 410.</summary>
    public void Compact()
    {
        lock (_lock) _compacted = _revision;
    }

    public JsonObject? Find(ObjectKey key)
    {
        lock (_lock) return _objects.TryGetValue(key, out var found) ? Copy(found) : null;
    }

    public (long Revision, List<JsonObject> Items) List(string group, string plural, string? ns, long? revision = null)
    {
        lock (_lock)
        {
            if (revision is { } old && old < _compacted) throw ApiException.Expired();
            var at = revision ?? _revision;
            var items = (revision is null ? _objects : StateAt(at))
                .Where(pair => Matches(pair.Key, group, plural, ns))
                .OrderBy(pair => pair.Key.Namespace, StringComparer.Ordinal)
                .ThenBy(pair => pair.Key.Name, StringComparer.Ordinal)
                .Select(pair => Copy(pair.Value))
                .ToList();
            return (at, items);
        }
    }

    /// <summary>The object as it was before its newest change, for a read from a cache that is behind.</summary>
    public JsonObject? FindPrevious(ObjectKey key)
    {
        lock (_lock)
        {
            var newest = _history.FindLast(change => change.Key == key);
            return newest is not null && StateAt(newest.Revision - 1).TryGetValue(key, out var found) ? Copy(found) : null;
        }
    }

    public long RevisionBeforeNewest(string group, string plural)
    {
        lock (_lock)
        {
            return _history.FindLast(change => Matches(change.Key, group, plural, ns: null)) is { } newest ? newest.Revision - 1 : _revision;
        }
    }

    /// <summary>Runs one read-and-write as a whole. The function gets the object there is and gives the one to be, null to delete it.</summary>
    public JsonObject Write(ObjectKey key, Func<JsonObject?, JsonObject?> change)
    {
        lock (_lock)
        {
            _objects.TryGetValue(key, out var before);
            var after = change(before is null ? null : Copy(before));
            if (after is null)
            {
                // A deletion is a revision of its own; watchers see it on the last state of the object.
                return before is null ? [] : Commit(key, "DELETED", Copy(before));
            }

            // A write that changes nothing has no revision; clients rely on it not waking watchers.
            if (before is not null && JsonNode.DeepEquals(before, after)) return Copy(before);
            return Commit(key, before is null ? "ADDED" : "MODIFIED", after);
        }
    }

    /// <summary>The changes after a revision, and a task that ends with the next one.</summary>
    public (List<Change> Changes, Task Next) ChangesAfter(long revision, string group, string plural, string? ns)
    {
        lock (_lock)
        {
            if (revision < _compacted) throw ApiException.Expired();
            var changes = _history.Where(change => change.Revision > revision && Matches(change.Key, group, plural, ns)).ToList();
            return (changes, _changed.Task);
        }
    }

    private static bool Matches(ObjectKey key, string group, string plural, string? ns) =>
        string.Equals(key.Group, group, StringComparison.Ordinal) && string.Equals(key.Plural, plural, StringComparison.Ordinal)
        && (ns is null || string.Equals(key.Namespace, ns, StringComparison.Ordinal));

    private static JsonObject Copy(JsonObject value) => value.DeepClone().AsObject();

    private JsonObject Commit(ObjectKey key, string type, JsonObject value)
    {
        _revision++;
        value["metadata"]!["resourceVersion"] = _revision.ToString(CultureInfo.InvariantCulture);
        if (string.Equals(type, "DELETED", StringComparison.Ordinal)) _objects.Remove(key);
        else _objects[key] = value;
        _history.Add(new Change(_revision, type, key, value));
        var waiting = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
        return Copy(value);
    }

    private Dictionary<ObjectKey, JsonObject> StateAt(long revision)
    {
        var state = new Dictionary<ObjectKey, JsonObject>();
        foreach (var change in _history.TakeWhile(change => change.Revision <= revision))
        {
            if (string.Equals(change.Type, "DELETED", StringComparison.Ordinal)) state.Remove(change.Key);
            else state[change.Key] = change.Value;
        }

        return state;
    }
}
