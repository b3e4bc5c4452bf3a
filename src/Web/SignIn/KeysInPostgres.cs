using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Web.SignIn;

/// <summary>
/// Keeps the keys of cookies and forms in the shared store, so that a cookie of one replica counts at every other. They are as safe
/// there as the password hashes beside them: who can read the database can sign in as anyone.
/// </summary>
internal sealed class KeysInPostgres(PostgresStore store) : IXmlRepository
{
    // The interface knows no tasks. It is asked at start and then about once a day.
    public IReadOnlyCollection<XElement> GetAllElements() => [.. Wait(() => store.QueryAsync(
        "SELECT xml FROM data_protection_keys ORDER BY name", row => XElement.Parse(row.GetString(0)), [], CancellationToken.None))];

    public void StoreElement(XElement element, string friendlyName) => Wait(() => store.ExecuteAsync(
        "INSERT INTO data_protection_keys (name, xml) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET xml = excluded.xml",
        [friendlyName, element.ToString(SaveOptions.DisableFormatting)], CancellationToken.None));

    private static T Wait<T>(Func<Task<T>> ask) => Task.Run(ask).GetAwaiter().GetResult();
}
