using Microsoft.AspNetCore.Mvc;

namespace TransactionPipeline.Web.Sales;

/// <summary>What is wrong with a request's parameters: for each, what is allowed. Answered 422.</summary>
internal sealed class ParameterErrors
{
    private readonly Dictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    public bool Any => _errors.Count > 0;

    public IReadOnlyDictionary<string, string[]> ByParameter => _errors;

    public void Add(string parameter, string allowed) => _errors.TryAdd(parameter, [allowed]);

    public ProblemDetails ToProblem() => new HttpValidationProblemDetails(_errors)
    {
        Status = StatusCodes.Status422UnprocessableEntity,
        Title = "Invalid parameter",
        Detail = string.Join(" ", _errors.Select(error => $"{error.Key}: {error.Value[0]}")),
    };
}
