using TransactionPipeline.Web.Commands;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.Marts;
using TransactionPipeline.Web.Pipeline;
using TransactionPipeline.Web.SignIn;

try
{
    if (CommandLine.IsCommand(args)) return await CommandLine.RunAsync(args);

    var builder = WebApplication.CreateBuilder(args);
    builder.AddListening();
    builder.AddPipelineConfiguration();
    builder.AddProblems();
    builder.AddSignIn();
    builder.AddPipeline();

    var app = builder.Build();
    app.CheckMarts();
    app.UseSecurityHeaders();
    app.UseProblems();
    app.UseSignIn();
    app.MapSignIn();
    app.MapPipelineFeature();
    await app.RunAsync();
    return 0;
}
catch (StartRefusedException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 1;
}
