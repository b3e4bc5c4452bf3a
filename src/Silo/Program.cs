using TransactionPipeline.Silo.Hosting;
using TransactionPipeline.Web.Hosting;

return await HostProgram.RunAsync(args, static args => WebApplication.CreateBuilder(args).AddWebFront().AddCluster().Build().UseWebFront().MapOrleansDashboard());
