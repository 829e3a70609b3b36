{{- define "unkey.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "unkey.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "unkey.labels" -}}
{{ include "unkey.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "unkey.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The variable and the file of each secret that has a name. */}}
{{- define "unkey.secrets" -}}
databasePrimary: {variable: UNKEY_DATABASE_PRIMARY_FILE, file: database-primary}
redisUrl: {variable: UNKEY_REDIS_URL_FILE, file: redis-url}
databaseReadonlyReplica: {variable: UNKEY_DATABASE_READONLY_REPLICA_FILE, file: database-readonly-replica}
clickhouseUrl: {variable: UNKEY_CLICKHOUSE_URL_FILE, file: clickhouse-url}
clickhouseAnalyticsUrl: {variable: UNKEY_CLICKHOUSE_ANALYTICS_URL_FILE, file: clickhouse-analytics-url}
vaultToken: {variable: UNKEY_VAULT_TOKEN_FILE, file: vault-token}
controlToken: {variable: UNKEY_CONTROL_TOKEN_FILE, file: control-token}
restateApiKey: {variable: UNKEY_RESTATE_API_KEY_FILE, file: restate-api-key}
githubPrivateKeyPem: {variable: UNKEY_GITHUB_PRIVATE_KEY_PEM_FILE, file: github-private-key}
pprofPassword: {variable: UNKEY_PPROF_PASSWORD_FILE, file: pprof-password}
gossipSecretKey: {variable: UNKEY_GOSSIP_SECRET_KEY_FILE, file: gossip-secret-key}
vaultMasterKey: {variable: UNKEY_VAULT_ENCRYPTION_MASTER_KEY_FILE, file: vault-master-key}
vaultPreviousMasterKey: {variable: UNKEY_VAULT_ENCRYPTION_PREVIOUS_MASTER_KEY_FILE, file: vault-previous-master-key}
vaultS3AccessKeySecret: {variable: UNKEY_VAULT_STORAGE_S3_ACCESS_KEY_SECRET_FILE, file: vault-s3-access-key-secret}
auth: {variable: UNKEY_AUTH_FILE, file: auth}
{{- end }}

{{/* What every container of the chart has: settings, secrets, and no right that it does not need. */}}
{{- define "unkey.container" -}}
image: {{ include "unkey.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
env:
  {{- range $name, $secret := include "unkey.secrets" . | fromYaml }}
  {{- with index $.Values.secrets $name }}
  {{- if .name }}
  - name: {{ $secret.variable }}
    value: /run/unkey/{{ $secret.file }}
  {{- end }}
  {{- end }}
  {{- end }}
volumeMounts:
  - name: config
    mountPath: /etc/unkey
    readOnly: true
  - name: secrets
    mountPath: /run/unkey
    readOnly: true
{{- end }}

{{- define "unkey.pod" -}}
serviceAccountName: {{ include "unkey.fullname" . }}
automountServiceAccountToken: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
volumes:
  - name: config
    configMap:
      name: {{ include "unkey.fullname" . }}
  - name: secrets
    projected:
      defaultMode: 0440
      sources:
        {{- range $name, $secret := include "unkey.secrets" . | fromYaml }}
        {{- with index $.Values.secrets $name }}
        {{- if .name }}
        - secret:
            name: {{ .name }}
            items:
              - key: {{ .key }}
                path: {{ $secret.file }}
        {{- end }}
        {{- end }}
        {{- end }}
{{- end }}
