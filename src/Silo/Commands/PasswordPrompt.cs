using System.Diagnostics.CodeAnalysis;
using Spectre.Console;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Silo.Commands;

/// <summary>Reads a new password: twice and unseen from the terminal, or one line of redirected input.</summary>
internal static class PasswordPrompt
{
    public static bool TryRead(
        string user, int minLength, IAnsiConsole console, TextReader? input,
        [NotNullWhen(true)] out string? password, [NotNullWhen(false)] out string? problem)
    {
        password = input is null ? Ask(console, $"Password for {user}:") : input.ReadLine() ?? "";
        problem = UserRules.ProblemOfPassword(password, user, minLength);
        if (problem is null && input is null && Ask(console, "Once more:") != password) problem = "The two passwords differ.";
        return problem is null;
    }

    // Secret(null) echoes nothing, not even the length.
    private static string Ask(IAnsiConsole console, string prompt) =>
        console.Prompt(new TextPrompt<string>(Markup.Escape(prompt)).Secret(null).AllowEmpty());
}
