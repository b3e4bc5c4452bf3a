using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Sales;

/// <summary>The sales routes: parameters, key owner, snapshot, answer.</summary>
internal static class SalesApi
{
    public static void AddSales(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SalesAnswer>();
        builder.Services.AddSingleton<SalesRoute>();
        builder.Services.AddSingleton<MonthlyAnswer>();
        builder.Services.AddSingleton<WarmUp>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<WarmUp>());
        builder.Services.AddExceptionHandler<MartExceptionHandler>();
    }

    public static void MapSales(this IEndpointRouteBuilder routes)
    {
        var sales = routes.MapGroup("/sales")
            .WithTags("Sales")
            .RequireAuthorization(Roles.Viewer)
            .AddEndpointFilter<CallTimer>();

        sales.MapGet("/trends", (HttpContext http, SalesRoute route) => route.AnswerAsync(http, Mart.Warehouse))
            .WithName("GetSalesTrends")
            .WithSummary("Monthly totals by product, from the warehouse mart")
            .WithSalesParameters();
        sales.MapGet("/pg-trends", (HttpContext http, SalesRoute route) => route.AnswerAsync(http, Mart.Operational))
            .WithName("GetPgSalesTrends")
            .WithSummary("Single sales of a day or a month, from the operational mart")
            .WithSalesParameters();
        sales.MapGet("/monthly", (HttpContext http, MonthlyAnswer monthly) => monthly.AnswerAsync(http))
            .WithName("GetMonthlySales")
            .WithSummary("Totals of one prefix over a range of months")
            .WithMonthlyParameters();
    }
}
