using Microsoft.AspNetCore.Builder;
using TransactionPipeline.Silo.Hosting;
using TransactionPipeline.Web.Hosting;

try
{
    var app = WebApplication.CreateBuilder(args).AddPortOffset().AddWebFront().AddCluster().Build().UseWebFront();
    await app.RunAsync();
    return 0;
}
catch (StartRefusedException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 1;
}
