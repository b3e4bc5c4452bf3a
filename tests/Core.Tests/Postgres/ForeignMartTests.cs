using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>Marts that another system made, read by a user that may only read.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ForeignMartTests(PostgresFixture server) : IAsyncLifetime
{
    private static string SeedTable(string money, string date) =>
        $"""
        CREATE TABLE pg_sales (transaction_id text, product text, price {money}, quantity integer, amount {money}, sale_date {date});
        INSERT INTO pg_sales VALUES
            ('b2', 'Halal Mouse', 24.99, 10, 249.9, '2023-10-02'),
            ('a1', 'Halal Laptop', 999.99, 2, 1999.98, '2023-10-01'),
            ('a1', 'Halal Laptop', 1000.00, 1, 1000, '2023-10-01'),
            ('c3', 'halal Cup', 1, 1, 1, '2023-10-01'),
            ('d4', NULL, 1, 1, 1, '2023-10-01'),
            ('e5', 'Halal Tea', 5, 3, 15, '2023-11-30');
        """;

    private PostgresOptions _owner = null!;
    private PostgresMartHarness _mart = null!;

    public async Task InitializeAsync()
    {
        _owner = await server.CreateDatabaseAsync();
        var reader = $"reader_{_owner.Database}";
        await SqlAsync($"CREATE ROLE {reader} LOGIN PASSWORD 'also-not-a-secret'; GRANT pg_read_all_data TO {reader}");
        var options = server.OptionsFor(_owner.Database);
        options.User = reader;
        options.Password = "also-not-a-secret";
        _mart = new PostgresMartHarness(options);
    }

    public async Task DisposeAsync() => await _mart.DisposeAsync();

    [Theory]
    [InlineData("numeric(13,4)", "date")]
    [InlineData("double precision", "date")]
    [InlineData("real", "timestamp")]
    [InlineData("money", "timestamptz")]
    [InlineData("numeric", "text")]
    public async Task Read_SeedsSixColumns_AnswersAsTheSeedDoes(string money, string date)
    {
        await SqlAsync(SeedTable(money, date));

        Assert.Equal(
            [
                // 999.995 is half way at two decimals, which is all that the type money keeps of its inputs; four decimals are exact.
                new MartRow("a1", "Halal Laptop", new(2023, 10, 1), 2999.98m, 999.995m, 1, 3),
                new MartRow("b2", "Halal Mouse", new(2023, 10, 2), 249.9m, 24.99m, 1, 10),
            ],
            await _mart.ReadAsync(Mart.Operational, "2023-10"));
        Assert.Equal(
            [
                new MartRow("a1", "Halal Laptop", new(2023, 10, 1), 2999.98m, 999.995m, 1, 3),
                new MartRow("b2", "Halal Mouse", new(2023, 10, 1), 249.9m, 24.99m, 1, 10),
            ],
            await _mart.ReadAsync(Mart.Warehouse, "2023-10"));
        Assert.True(_mart.Operational.IsCostlyToPoll && _mart.Warehouse.IsCostlyToPoll);
        Assert.Equal(Month.Parse("2023-11"), await _mart.Operational.FindNewestMonthAsync(CancellationToken.None));
        Assert.Equal(Month.Parse("2023-11"), await _mart.Warehouse.FindNewestMonthAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Read_NoIdAndNoQuantity_LeavesThemNull()
    {
        await SqlAsync(
            """
            CREATE TABLE pg_sales (product varchar(40), price float, amount float, sale_date date);
            INSERT INTO pg_sales VALUES ('Halal Tea', 1.1, 1.1, '2023-10-01'), ('Halal Tea', 2.2, 4.4, '2023-10-01');
            """);

        Assert.Equal(
            new MartRow(null, "Halal Tea", new(2023, 10, 1), 5.5m, 1.65m, 2, null),
            Assert.Single(await _mart.ReadAsync(Mart.Operational, "2023-10")));
    }

    [Theory]
    [InlineData(63, 255)]
    [InlineData(64, 256)]
    [InlineData(65, 257)]
    [InlineData(2000, 2000)]
    public async Task Read_TextsOfAnyLength_AreWhole(int idLength, int productLength)
    {
        await SqlAsync("CREATE TABLE pg_sales (transaction_id text, product text, price float, amount float, sale_date date)");
        var (id, product) = (new string('é', idLength), "Halal " + new string('x', productLength - 6));
        await SqlAsync($"INSERT INTO pg_sales VALUES ('{id}', '{product}', 1, 1, '2023-10-01')");

        var row = Assert.Single(await _mart.ReadAsync(Mart.Operational, "2023-10"));

        Assert.Equal((id, product), (row.TransactionId, row.Product));
    }

    [Fact]
    public async Task Read_SummaryMadeElsewhere_IsServedAsItIs()
    {
        await SqlAsync(
            """
            CREATE TABLE pg_sales (product text, price numeric, amount numeric, sale_date date);
            CREATE VIEW summary_sales AS
            SELECT 'Halal Tea' AS product, '2023-10-01' AS sale_month, 12.5::float AS total_amount, 2.5::float AS avg_price, 5 AS transaction_count;
            """);

        Assert.Equal(
            new MartRow(null, "Halal Tea", new(2023, 10, 1), 12.5m, 2.5m, 5, null),
            Assert.Single(await _mart.ReadAsync(Mart.Warehouse, "2023-10")));
        Assert.NotEqual("", await _mart.TokenAsync(Mart.Warehouse, "2023-10"));
    }

    [Fact]
    public async Task ChangeToken_EveryKindOfChange_Differs()
    {
        await SqlAsync(SeedTable("float", "date"));
        var tokens = new List<string> { await _mart.TokenAsync(Mart.Operational, "2023-10") };
        var november = await _mart.TokenAsync(Mart.Operational, "2023-11");

        foreach (var change in new[]
        {
            "UPDATE pg_sales SET amount = 250 WHERE transaction_id = 'b2'",
            "DELETE FROM pg_sales WHERE transaction_id = 'b2'",
            "INSERT INTO pg_sales VALUES ('b2', 'Halal Mouse', 24.99, 10, 251, '2023-10-02')",
            "BEGIN; CREATE TABLE next AS SELECT * FROM pg_sales WHERE transaction_id <> 'a1'; DROP TABLE pg_sales; ALTER TABLE next RENAME TO pg_sales; COMMIT",
        })
        {
            await SqlAsync(change);
            tokens.Add(await _mart.TokenAsync(Mart.Operational, "2023-10"));
        }

        Assert.Equal(5, tokens.Distinct().Count());
        Assert.Equal(november, await _mart.TokenAsync(Mart.Operational, "2023-11"));
        Assert.Equal(tokens[^1], await _mart.TokenAsync(Mart.Operational, "2023-10"));
    }

    [Fact]
    public async Task Read_NothingThereAndNoRightToCreate_SaysSo()
    {
        var failed = await Assert.ThrowsAsync<MartException>(() => _mart.ReadAsync(Mart.Operational, "2023-10"));

        Assert.Equal(MartFailure.Failed, failed.Failure);
        Assert.Contains("user may not", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ColumnMissing_NamesIt()
    {
        await SqlAsync("CREATE TABLE pg_sales (product text, price numeric, sale_date date)");

        var failed = await Assert.ThrowsAsync<MartException>(() => _mart.ReadAsync(Mart.Operational, "2023-10"));

        Assert.Contains("amount", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_NotANumber_FailsInWords()
    {
        await SqlAsync(
            """
            CREATE TABLE pg_sales (product text, price float, amount float, sale_date date);
            INSERT INTO pg_sales VALUES ('Halal Tea', 1, 'NaN', '2023-10-01');
            """);

        var failed = await Assert.ThrowsAsync<MartException>(() => _mart.ReadAsync(Mart.Operational, "2023-10"));

        Assert.Contains("number", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_TablesMadeElsewhere_RefusesAndLeavesThemAlone()
    {
        await SqlAsync(SeedTable("float", "date"));
        await using var writer = new PostgresMartHarness(_owner);

        var refused = await Assert.ThrowsAsync<MartException>(() => writer.Writer.PrepareAsync(CancellationToken.None));

        Assert.Contains("did not make", refused.Message, StringComparison.Ordinal);
        Assert.Equal(6L, await server.ExecuteAsync(_owner.Database, "SELECT count(*) FROM pg_sales"));
        var rows = await writer.Operational.ReadAsync(new QueryKey(Mart.Operational, "", Month.Parse("2023-10")), CancellationToken.None);
        Assert.Equal(3, rows.Count);
    }

    private Task<object?> SqlAsync(string sql) => server.ExecuteAsync(_owner.Database, sql);
}
