using System.Net;

namespace TransactionPipeline.Web.Tests.Sales;

public sealed class SalesParameterTests(WebAppFixture app) : IClassFixture<WebAppFixture>
{
    [Theory]
    [InlineData("product_prefix=Invalid%40", "product_prefix", "letters and digits")]
    [InlineData("product_prefix=", "product_prefix", "letters and digits")]
    [InlineData("product_prefix=Halal%20%20Laptop", "product_prefix", "single spaces")]
    [InlineData("product_prefix=Halal%20", "product_prefix", "single spaces")]
    [InlineData("product_prefix=Halal%0A", "product_prefix", "letters and digits")]
    [InlineData("product_prefix=%27%3B%20DROP%20TABLE%20x", "product_prefix", "letters and digits")]
    [InlineData("product_prefix=%E2%80%8DHalal", "product_prefix", "letters and digits")]
    [InlineData("product_prefix=%ED%A0%80", "product_prefix", "letters and digits")]
    [InlineData("product_prefix=Halal%F0%9F%A5%A4", "product_prefix", "letters and digits")]
    [InlineData("product_prefix=12345678901234567890123456789012345678901234567890123456789012345", "product_prefix", "at most 64")]
    [InlineData("sale_month=invalid", "sale_month", "YYYY-MM")]
    [InlineData("sale_month=2023-13", "sale_month", "YYYY-MM")]
    [InlineData("sale_month=2023-02-30", "sale_month", "that exists")]
    [InlineData("sale_month=2023-1", "sale_month", "YYYY-MM")]
    [InlineData("month=0000-01", "month", "YYYY-MM")]
    [InlineData("month=2023-10&sale_month=2023-10", "month", "not both")]
    [InlineData("min_amount=-1", "min_amount", "from 0 up")]
    [InlineData("min_amount=1e400", "min_amount", "from 0 up")]
    [InlineData("min_amount=NaN", "min_amount", "from 0 up")]
    [InlineData("min_amount=1,000", "min_amount", "from 0 up")]
    [InlineData("min_amount=99999999999999999999999999999999", "min_amount", "from 0 up")]
    [InlineData("max_quantity=1.5", "max_quantity", "whole number")]
    [InlineData("max_quantity=-1", "max_quantity", "whole number")]
    [InlineData("min_avg_price=x", "min_avg_price", "from 0 up")]
    [InlineData("max_avg_price=", "max_avg_price", "from 0 up")]
    [InlineData("min_avg_price=2&max_avg_price=1", "min_avg_price", "above max_avg_price")]
    [InlineData("limit=0", "limit", "1 to 10000")]
    [InlineData("limit=10001", "limit", "1 to 10000")]
    [InlineData("cursor=%21%21", "cursor", "Link header")]
    [InlineData("limit=1&limit=2", "limit", "once")]
    [InlineData("min_amuont=1", "min_amuont", "is not a parameter")]
    public async Task Sales_BadParameter_Answers422AndSaysWhatIsAllowed(string query, string parameter, string allowed)
    {
        using var client = await app.AdminAsync();
        foreach (var route in (string[])["/sales/trends", "/sales/pg-trends"])
        {
            var answer = await client.GetAsync($"{route}?{query}");

            var detail = await ProblemAssert.IsAsync(answer, HttpStatusCode.UnprocessableEntity, allowed);
            Assert.Contains(parameter + ": ", detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Sales_WithoutTheViewerRole_Answers403()
    {
        using var client = await app.ClientAsync(Core.Users.Roles.Ingestor);

        await ProblemAssert.IsAsync(await client.GetAsync("/sales/trends"), HttpStatusCode.Forbidden, "viewer");
    }
}
