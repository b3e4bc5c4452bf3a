using TransactionPipeline.Web.Dashboard;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.Sales;
using TransactionPipeline.Web.SignIn;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddListening();
    builder.AddPipelineConfiguration();
    builder.AddProblems();
    builder.AddMarts();
    builder.AddCache();
    builder.AddSignIn();
    builder.AddSales();
    builder.AddDashboard();

    var app = builder.Build();
    app.UseSecurityHeaders();
    app.UseProblems();
    app.UseSignIn();
    app.MapSignIn();
    app.MapSales();
    app.MapDashboard();
    await app.RunAsync();
    return 0;
}
catch (StartRefusedException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 1;
}
