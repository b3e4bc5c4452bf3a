using System.CommandLine;
using System.Text;
using TransactionPipeline.Core.Ingestion;

namespace TransactionPipeline.Silo.Commands;

/// <summary><c>generate --rows N --seed S FILE</c>: a realistic transactions file.</summary>
internal static class GenerateCommand
{
    private const int BufferSize = 1 << 20;

    public static Command Create()
    {
        var rows = new Option<long>("--rows") { Description = "How many transactions", DefaultValueFactory = _ => 10_000 };
        var seed = new Option<int>("--seed") { Description = "Decides every value; the same seed gives the same file", DefaultValueFactory = _ => 1 };
        var file = new Argument<FileInfo>("file") { Description = "The CSV file to write" };
        rows.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<long>() < 0) given.AddError("--rows must not be below 0.");
        });
        var command = new Command("generate", "Write a realistic transactions file, for load tests") { rows, seed, file };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(file).FullName;
            try
            {
                await using var output = new StreamWriter(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), new()
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    BufferSize = BufferSize,
                });
                await TransactionGenerator.WriteAsync(output, parsed.GetValue(rows), parsed.GetValue(seed), cancellationToken);
                return 0;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(error.Message);
                return 1;
            }
        });
        return command;
    }
}
