using System.Globalization;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>What goes when memory is full.</summary>
public sealed class EvictionQueueTests
{
    private readonly EvictionQueue<Item> _queue = new(1_000);
    private readonly Dictionary<string, Item> _held = new(StringComparer.Ordinal);

    [Fact]
    public void Evict_AScanOfTenTimesTheBound_LeavesWhatIsUsedAlone()
    {
        foreach (var used in Enumerable.Range(0, 50)) Ask($"used {used}", times: 3);
        foreach (var once in Enumerable.Range(0, 1_000)) Ask($"once {once}");

        Assert.All(Enumerable.Range(0, 50), used => Assert.Contains($"used {used}", _held.Keys));
        Assert.InRange(_queue.Bytes, 1, 1_000);
    }

    [Fact]
    public void Evict_WhatIsUsedNoMore_GoesInTheEnd()
    {
        foreach (var old in Enumerable.Range(0, 80)) Ask($"old {old}", times: 5);
        foreach (var used in Enumerable.Range(0, 200)) Ask($"new {used}", times: 5);

        Assert.DoesNotContain(_held.Keys, key => key.StartsWith("old", StringComparison.Ordinal));
    }

    [Fact]
    public void Evict_ComesBackSoonAfterItWent_StaysThroughTheNextScan()
    {
        foreach (var used in Enumerable.Range(0, 50)) Ask($"used {used}", times: 3);
        // Half of the bound is for these: the first fifty have gone, and are remembered.
        foreach (var once in Enumerable.Range(0, 100)) Ask($"once {once}");
        Assert.DoesNotContain("once 40", _held.Keys);
        Ask("once 40");

        foreach (var once in Enumerable.Range(200, 200)) Ask($"once {once}");

        Assert.Contains("once 40", _held.Keys);
    }

    [Fact]
    public void Evict_ItemsThatMayNotGo_StayAndTheOthersGo()
    {
        foreach (var item in Enumerable.Range(0, 200)) Add($"{item}", 10);

        var gone = _queue.Evict(item => IsOdd(item));
        var none = _queue.Evict(_ => false);

        Assert.Equal(100, gone.Count);
        Assert.All(gone, item => Assert.True(IsOdd(item)));
        Assert.Empty(none);
        Assert.Equal(1_000, _queue.Bytes);
    }

    [Fact]
    public void Evict_WhatIsNewMayNotGo_TakesWhatIsOlderAndPassesOverAFewOnly()
    {
        foreach (var used in Enumerable.Range(0, 80)) Ask($"used {used}", times: 3);
        // Over the bound for a moment: what is used reaches the main queue.
        Add("large", 900);
        _queue.Evict(_ => true);
        foreach (var busy in Enumerable.Range(0, 40)) Add($"busy {busy}", 10);

        var before = _queue.Visited;
        Assert.All(_queue.Evict(item => item.Name.StartsWith("used", StringComparison.Ordinal)), gone => Assert.StartsWith("used", gone.Name, StringComparison.Ordinal));
        Assert.False(_queue.IsOver);

        Add("large", 2_000);
        (before, _) = (_queue.Visited, _queue.Evict(_ => false));
        Assert.InRange(_queue.Visited - before, 1, 64 + (80 * Evictable.MostUses));
    }

    [Fact]
    public void Evict_OneIsLargerThanTheBound_GoesWhenItIsNotUsed()
    {
        Ask("small", times: 3);
        var large = Add("large", 10);
        _queue.Grow(large, 5_000);

        Assert.Same(large, Assert.Single(_queue.Evict(_ => true)));
        // Gone, it counts no more.
        _queue.Grow(large, 100);
        _queue.Remove(large);
        Assert.Equal(10, _queue.Bytes);
    }

    [Fact]
    public void Bytes_AfterAnyOrderOfCalls_AreThoseOfWhatIsThere()
    {
        var random = new Random(1);
        var held = new List<Item>();
        for (var i = 0; i < 20_000; i++)
        {
            switch (random.Next(6))
            {
                case 0 or 1:
                    held.Add(Add($"{random.Next(500)}", random.Next(1, 60)));
                    break;
                case 2 when held.Count > 0:
                    var place = held[random.Next(held.Count)];
                    _queue.Grow(place, random.Next((int)-place.Bytes, 50));
                    break;
                case 3 when held.Count > 0:
                    var left = held[random.Next(held.Count)];
                    held.Remove(left);
                    _queue.Remove(left);
                    break;
                case 4 when held.Count > 0:
                    held[random.Next(held.Count)].Use();
                    break;
                default:
                    var gone = _queue.Evict(_ => random.Next(10) > 0).ToHashSet();
                    held.RemoveAll(gone.Contains);
                    break;
            }
            Assert.Equal(held.Sum(one => one.Bytes), _queue.Bytes);
        }
    }

    private void Ask(string item, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            if (_held.TryGetValue(item, out var place)) place.Use();
            else Add(item, 10);
        }
        foreach (var gone in _queue.Evict(_ => true)) _held.Remove(gone.Name);
    }

    private Item Add(string name, long bytes)
    {
        var item = _held[name] = new Item(name);
        _queue.Add(item, bytes);
        return item;
    }

    private static bool IsOdd(Item item) => int.Parse(item.Name, CultureInfo.InvariantCulture) % 2 == 1;

    private sealed class Item(string name) : Evictable
    {
        public string Name { get; } = name;

        public override int Identity => string.GetHashCode(Name, StringComparison.Ordinal);
    }
}
