using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using TransactionPipeline.Silo.Membership;

var builder = WebApplication.CreateBuilder(args);
builder.Host.UseOrleans(silo => silo.AddKubernetesMembership());
await builder.Build().RunAsync();
