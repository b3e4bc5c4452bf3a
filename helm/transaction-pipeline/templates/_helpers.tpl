{{- define "pipeline.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "pipeline.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "pipeline.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What finds the pods that serve. The component keeps the pods of the CronJob and of helm test out of the Service. */}}
{{- define "pipeline.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pipeline.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "pipeline.testLabels" -}}
app.kubernetes.io/name: {{ include "pipeline.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end -}}

{{- define "pipeline.labels" -}}
{{ include "pipeline.commonLabels" . }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "pipeline.commonLabels" -}}
app.kubernetes.io/name: {{ include "pipeline.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "pipeline.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "pipeline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "pipeline.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The program: it serves, or runs the command in its arguments. */}}
{{- define "pipeline.program" -}}
/app/TransactionPipeline.Silo.dll
{{- end -}}

{{- define "pipeline.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "pipeline.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "pipeline.resources" -}}
requests:
  {{- toYaml .Values.resources.requests | nindent 2 }}
limits:
  {{- $limits := .Values.resources.limits }}
  {{- if not .Values.cpuLimit.enabled }}{{ $limits = omit $limits "cpu" }}{{ end }}
  {{- toYaml $limits | nindent 2 }}
{{- end -}}

{{/* Where pods may run, the same for all of them. */}}
{{- define "pipeline.scheduling" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Refuses settings that the chart makes itself, by the value to change in their place, and secrets in plain text. */}}
{{- define "pipeline.checkSettings" -}}
{{- if not (kindIs "invalid" .Values.engine) -}}
{{- fail "engine is no value any more: every pod is a silo. Remove it from your values, or give --set engine=null when they are reused." -}}
{{- end -}}
{{- $own := dict
  "aspnetcore_urls" "the pods' port is always 8000"
  "dotnet_shutdowntimeoutseconds" "change shutdown.gracePeriodSeconds instead"
  "state_directory" "it is always the mounted emptyDir"
  "data_warehouse__postgres__host" "change postgres.host instead"
  "data_warehouse__postgres__port" "change postgres.port instead"
  "data_warehouse__postgres__dbname" "change postgres.database instead"
  "data_warehouse__postgres__credentials_directory" "change secrets.postgres instead"
  "google_application_credentials" "change secrets.bigquery instead"
  "security__jwt_secret" "change secrets.app instead"
  "security__pii_key" "change secrets.app instead"
  "cluster__provider" "silos in pods always find each other through the API server"
  "cluster__cluster_id" "change cluster.id instead"
  "cluster__service_id" "change cluster.serviceId instead"
  "cluster__silo_port" "change cluster.siloPort instead"
  "cluster__gateway_port" "change cluster.gatewayPort instead"
  "cluster__namespace" "it is always the pod's own"
  "cluster__pod_name" "it is always the pod's own"
  "cluster__pod_ip" "it is always the pod's own"
-}}
{{- range $name, $_ := .Values.config -}}
{{- with get $own (lower $name) -}}
{{- fail (printf "config.%s is set by the chart itself; %s" $name .) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- $name := .name -}}
{{- with get $own (lower $name) -}}
{{- fail (printf "extraEnv %s is set by the chart itself; %s" $name .) -}}
{{- end -}}
{{- if and (hasKey . "value") (regexMatch "(?i)(secret|password|passwd|pii_key|api_?key|credentials|token|connection_?string)$" $name) -}}
{{- fail (printf "extraEnv %s looks like a secret; give it with valueFrom.secretKeyRef in place of value" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Settings and secrets, the same for the servers and the CronJob. */}}
{{- define "pipeline.envFrom" -}}
- configMapRef:
    name: {{ include "pipeline.fullname" . }}
{{- end -}}

{{- define "pipeline.env" -}}
- name: security__jwt_secret
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.app.existingSecret }}
      key: jwt_secret
- name: security__pii_key
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.app.existingSecret }}
      key: pii_key
      optional: true
{{- if .Values.secrets.postgres.enabled }}
- name: data_warehouse__postgres__credentials_directory
  value: /var/run/secrets/transaction-pipeline/postgres
{{- end }}
{{- if .Values.secrets.bigquery.enabled }}
- name: GOOGLE_APPLICATION_CREDENTIALS
  value: /var/run/secrets/transaction-pipeline/bigquery/credentials.json
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "pipeline.volumeMounts" -}}
- name: state
  mountPath: /var/lib/transaction-pipeline
- name: tmp
  mountPath: /tmp
{{- if .Values.secrets.postgres.enabled }}
- name: postgres-credentials
  mountPath: /var/run/secrets/transaction-pipeline/postgres
  readOnly: true
{{- end }}
{{- if .Values.secrets.bigquery.enabled }}
- name: bigquery-credentials
  mountPath: /var/run/secrets/transaction-pipeline/bigquery
  readOnly: true
{{- end }}
{{- end -}}

{{- define "pipeline.volumes" -}}
- name: state
  emptyDir:
    sizeLimit: {{ .Values.stateDirectory.sizeLimit }}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- if .Values.secrets.postgres.enabled }}
- name: postgres-credentials
  secret:
    secretName: {{ .Values.secrets.postgres.existingSecret }}
    items:
      - key: user
        path: user
      - key: password
        path: password
{{- end }}
{{- if .Values.secrets.bigquery.enabled }}
- name: bigquery-credentials
  secret:
    secretName: {{ .Values.secrets.bigquery.existingSecret }}
    items:
      - key: credentials.json
        path: credentials.json
{{- end }}
{{- end -}}

{{/* What is left for the host's own graceful stop, less 5 seconds for the process to end. */}}
{{- define "pipeline.shutdownTimeoutSeconds" -}}
{{- $left := sub (int .Values.shutdown.gracePeriodSeconds) (add (int .Values.shutdown.preStopSeconds) 5) -}}
{{- if lt $left 10 -}}
{{- fail "shutdown.gracePeriodSeconds must be at least 15 above shutdown.preStopSeconds: a silo needs time to leave the cluster" -}}
{{- end -}}
{{- $left -}}
{{- end -}}
