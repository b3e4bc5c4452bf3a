# Both hosts in one image: /app/silo (Orleans) and /app/web. The chart's `engine` chooses; alone, the image runs the web host.
ARG DOTNET_VERSION=10.0
# The registry that serves dotnet/sdk and dotnet/aspnet: Microsoft's, or a mirror of yours. No default, as it is your cluster's choice:
#   docker build --build-arg DOTNET_REGISTRY=... --tag transaction-pipeline .
ARG DOTNET_REGISTRY

FROM ${DOTNET_REGISTRY}/dotnet/sdk:${DOTNET_VERSION} AS restore
WORKDIR /source
# What restore reads and nothing else, so that a change of code does not restore anew.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Core/Core.csproj src/Core/
COPY src/Web/Web.csproj src/Web/
COPY src/Grains/Grains.csproj src/Grains/
COPY src/Silo/Silo.csproj src/Silo/
ARG ORLEANS=true
RUN dotnet restore src/Web/Web.csproj -p:Orleans=${ORLEANS}
RUN dotnet restore src/Silo/Silo.csproj -p:Orleans=${ORLEANS}

FROM restore AS publish
ARG ORLEANS=true
COPY data/ data/
COPY src/ src/
RUN dotnet publish src/Web/Web.csproj --no-restore -c Release -p:Orleans=${ORLEANS} -p:UseAppHost=false -o /app/web
RUN dotnet publish src/Silo/Silo.csproj --no-restore -c Release -p:Orleans=${ORLEANS} -p:UseAppHost=false -o /app/silo
# The final image has no shell to make a folder with.
RUN mkdir -p /state

# Chiselled: no shell, no package manager, a non-root user (1654).
FROM ${DOTNET_REGISTRY}/dotnet/aspnet:${DOTNET_VERSION}-noble-chiseled AS final
ARG VERSION=1.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="transaction-pipeline" \
      org.opencontainers.image.description="Sales transactions into data marts, and their monthly answers from an honest cache" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=publish /app/web /app/web
COPY --from=publish /app/silo /app/silo
COPY --from=publish --chown=1654:1654 /state /var/lib/transaction-pipeline
ENV ASPNETCORE_URLS=http://+:8000 \
    state_directory=/var/lib/transaction-pipeline \
    DOTNET_EnableDiagnostics=0
EXPOSE 8000 11111 30000
USER 1654
# Kubernetes asks by its own probes; this is for running the image alone.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=6 CMD ["dotnet", "/app/web/TransactionPipeline.Web.dll", "health"]
ENTRYPOINT ["dotnet", "/app/web/TransactionPipeline.Web.dll"]
