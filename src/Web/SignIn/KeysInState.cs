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
        state.Create();
        options.XmlRepository = new FileSystemXmlRepository(state.Create("keys"), loggers);
    }
}
