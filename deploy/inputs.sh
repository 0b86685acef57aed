#!/usr/bin/env bash
# Prints what the published outputs were made from: the checksum of each file that shapes the application model, and the pins.
# Left out, because no output depends on them: the process engine and what serves it alone, the planner, the process forms of the
# services; and because a test of their own compares what they write: the monitoring stack's rules and dashboards, and the chart's files
# that Aspire does not write.
set -euo pipefail
cd "$(dirname "$0")/.."
{
    echo deploy/publish.sh
    echo deploy/reference.env
    cd AiInfra.AppHost
    find AppHost.cs AiInfra.AppHost.csproj Chroma Gateway Publishing Redis Topology Vllm Charts/ChartText.cs Monitoring/MonitoringContainer.cs \
        Monitoring/MonitoringExtensions.cs -type f \( -name '*.cs' -o -name '*.csproj' \) \
        ! -name '*Process.cs' ! -name '*ProcessResource.cs' ! -name '*Installation.cs' ! -name 'Garnet*' ! -name '*HealthCheck.cs' ! -name 'FirstSteps.cs' ! -name 'PublishedFiles.cs' ! -name 'ModelServer*s.cs' ! -name 'ModelServerOffer.cs' \
        -printf 'AiInfra.AppHost/%p\n'
} | LC_ALL=C sort | xargs sha256sum
printf '%s  Directory.Packages.props (Aspire)\n' "$(grep -E 'Aspire' Directory.Packages.props | sha256sum | cut -d' ' -f1)"
