using System.Globalization;
using System.Text.Json.Nodes;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Google.Tests;

/// <summary>The single sales in BigQuery, which no part is served from, as an operational mart would give them.</summary>
internal sealed class FactSales(GoogleFixture google) : IMartSource
{
    public string Store => "bigquery";

    public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) =>
        google.Warehouse.GetChangeTokenAsync(month, cancellationToken);

    public async Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        if (!key.HasText) return MartRows.Empty;
        var rows = new MartRowsBuilder();
        foreach (var row in await ReadAllAsync())
            if (Month.Of(row.Date) == key.Month && row.Product.StartsWith(key.Prefix, StringComparison.Ordinal)) rows.Add(row);
        return rows.Build();
    }

    public async Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) =>
        (await ReadAllAsync()).Select(row => (Month?)Month.Of(row.Date)).Max();

    private async Task<MartRow[]> ReadAllAsync()
    {
        var answer = await google.PostAsync($"bigquery/v2/projects/{GoogleFixture.Project}/queries", new JsonObject
        {
            ["query"] = "SELECT transaction_id, product, sale_date, amount, price, quantity FROM transactions_mart.fact_sales",
            ["useLegacySql"] = false,
        });
        return [.. (answer["rows"]?.AsArray() ?? []).Select(row =>
        {
            var cells = row!["f"]!.AsArray().Select(cell => (string)cell!["v"]!).ToArray();
            return new MartRow(
                cells[0], cells[1], DateOnly.Parse(cells[2], CultureInfo.InvariantCulture), decimal.Parse(cells[3], CultureInfo.InvariantCulture),
                decimal.Parse(cells[4], CultureInfo.InvariantCulture), 1, long.Parse(cells[5], CultureInfo.InvariantCulture));
        })];
    }
}
