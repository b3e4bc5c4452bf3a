using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Configuration;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Keeps the keys of cookies and forms in <c>keys/</c> of the state directory, readable by this user only.</summary>
internal sealed class KeysInState(StateOptions state, ILoggerFactory loggers) : IConfigureOptions<KeyManagementOptions>
{
    public void Configure(KeyManagementOptions options)
    {
        var directory = state.PathOf("keys");
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        options.XmlRepository = new FileSystemXmlRepository(new DirectoryInfo(directory), loggers);
    }
}
