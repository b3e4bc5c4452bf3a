using TransactionPipeline.Silo.Hosting;

namespace TransactionPipeline.Silo.Tests.Hosting;

public sealed class ShippedFilesTests
{
    [Theory]
    [InlineData("data/pipeline_config.yaml")]
    [InlineData("templates/login.hbs")]
    [InlineData("templates/layout.hbs")]
    public void Build_FileTheAppReads_TravelsWithTheBinaries(string file) =>
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(typeof(HostProgram).Assembly.Location)!, file)), file);
}
