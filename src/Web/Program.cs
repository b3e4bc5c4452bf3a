using TransactionPipeline.Web.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddPipelineConfiguration();
var app = builder.Build();
await app.RunAsync();
