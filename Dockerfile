# One program, src/Silo, on .NET's own images. Nothing need be given:
#   docker build --tag transaction-pipeline .
# A mirror of the two base images is named with --build-arg DOTNET_REGISTRY=registry.example.com/mirror.
ARG DOTNET_REGISTRY=mcr.microsoft.com
ARG DOTNET_VERSION=10.0

FROM ${DOTNET_REGISTRY}/dotnet/sdk:${DOTNET_VERSION} AS publish
WORKDIR /source
# What restore reads and nothing else, so that a change of code does not restore anew.
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Core/Core.csproj src/Core/
COPY src/Web/Web.csproj src/Web/
COPY src/Grains/Grains.csproj src/Grains/
COPY src/Silo/Silo.csproj src/Silo/
RUN dotnet restore src/Silo/Silo.csproj
COPY data/ data/
COPY src/ src/
# What is built into an image has passed the analyzers before.
RUN dotnet publish src/Silo/Silo.csproj --no-restore -c Release -p:UseAppHost=false -p:RunAnalyzers=false -o /app
# The final image has no shell to make a folder with.
RUN mkdir -p /state

# Chiselled: no shell, no package manager, a non-root user (1654). "extra" has ICU, by which text is normalised.
FROM ${DOTNET_REGISTRY}/dotnet/aspnet:${DOTNET_VERSION}-noble-chiseled-extra AS final
ARG VERSION=2.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="transaction-pipeline" \
      org.opencontainers.image.description="Sales transactions into data marts, and their monthly answers from an honest cache" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=publish /app /app
COPY --from=publish --chown=1654:1654 /state /var/lib/transaction-pipeline
# MALLOC_*: what native code (SQLite, Brotli, TLS) gives back goes back to the system, not into a hoard for each thread.
ENV ASPNETCORE_URLS=http://+:8000 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    state_directory=/var/lib/transaction-pipeline \
    DOTNET_EnableDiagnostics=0 \
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=0
EXPOSE 8000 11111 30000
USER 1654
# Kubernetes asks by its own probes; this is for running the image alone.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=6 CMD ["dotnet", "/app/TransactionPipeline.Silo.dll", "health"]
ENTRYPOINT ["dotnet", "/app/TransactionPipeline.Silo.dll"]
