using TransactionPipeline.Web.Commands;
using TransactionPipeline.Web.Hosting;

try
{
    if (CommandLine.IsCommand(args)) return await CommandLine.RunAsync(args);

    BufferedOutput.Install();
    var app = WebApplication.CreateBuilder(args).AddWebFront().Build().UseWebFront();
    await app.RunAsync();
    return 0;
}
catch (StartRefusedException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 1;
}
