{{/* The name of everything that this release makes. */}}
{{- define "edrone.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "edrone.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "edrone.noticesSelector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: notices
{{- end }}

{{- define "edrone.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "edrone.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The Secret that holds DRONE_YAML_SECRET, SECRET_KEY, DATABASE_URL and the like. */}}
{{- define "edrone.secretName" -}}
{{ .Values.secrets.existing | default (include "edrone.fullname" .) }}
{{- end }}

{{- define "edrone.gitSecretName" -}}
{{ .Values.tree.git.auth.existingSecret | default (printf "%s-git" (include "edrone.fullname" .)) }}
{{- end }}

{{- define "edrone.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "edrone.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "edrone.onSqlite" -}}
{{- if eq .Values.database.kind "sqlite" }}true{{ end }}
{{- end }}

{{- define "edrone.projects" -}}
{{- if eq .Values.tree.source "git" }}
{{- clean (printf "/tree/current/%s" .Values.tree.path) }}
{{- else if eq .Values.tree.source "claim" }}
{{- clean (printf "/tree/%s" .Values.tree.path) }}
{{- else -}}
/app/projects
{{- end }}
{{- end }}

{{/* The restricted profile of the Pod Security Standards. */}}
{{- define "edrone.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "edrone.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Which nodes a pod may run on. */}}
{{- define "edrone.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What cannot work is refused here, in one sentence, before anything is installed. */}}
{{- define "edrone.refuse" -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" (include "edrone.fullname" .)) }}
{{- fail (printf "%s cannot be the name of a Service: set fullnameOverride to a name of lower-case letters, digits and -, which begins with a letter." (include "edrone.fullname" .)) }}
{{- end }}
{{- if eq .Values.database.kind "sqlite" }}
{{- if or (gt (int .Values.replicaCount) 1) .Values.autoscaling.enabled }}
{{- fail "SQLite serves one replica only, since replicas on several nodes cannot share its file: set database.kind=postgresql with database.url, or replicaCount=1 and autoscaling.enabled=false." }}
{{- end }}
{{- if .Values.database.url }}
{{- fail "database.url is set, but database.kind is sqlite, whose file the chart places itself: unset database.url, or set database.kind=postgresql." }}
{{- end }}
{{- else if and (not .Values.database.url) (not .Values.secrets.existing) }}
{{- fail "No database is named: set database.url=postgres://USER:PASSWORD@HOST:5432/NAME, or secrets.existing to a Secret with DATABASE_URL in it, or, to try edrone out, database.kind=sqlite with replicaCount=1." }}
{{- end }}
{{- if and .Values.secrets.existing (or .Values.secrets.yamlSecret .Values.secrets.secretKey .Values.secrets.droneToken .Values.secrets.eventsSecret .Values.database.url .Values.droneDatabase.url .Values.secrets.githubClientSecret .Values.secrets.gitlabClientSecret .Values.secrets.giteaClientSecret .Values.secrets.oidcClientSecret) }}
{{- fail "secrets.existing is set, so the chart makes no Secret: put the values of secrets.yamlSecret, secrets.secretKey, secrets.droneToken, secrets.eventsSecret, secrets.…ClientSecret, database.url and droneDatabase.url into that Secret (DRONE_YAML_SECRET, SECRET_KEY, DRONE_TOKEN, EDRONE_EVENTS_SECRET, EDRONE_…_CLIENT_SECRET, DATABASE_URL, DRONE_DATABASE_URL), and unset them." }}
{{- end }}
{{- range $name, $url := dict "database.url" .Values.database.url "droneDatabase.url" .Values.droneDatabase.url }}
{{- if and $url (not (regexMatch "^postgres(ql)?://." $url)) }}
{{- fail (printf "%s is no address of PostgreSQL: set it to postgres://USER:PASSWORD@HOST:5432/NAME." $name) }}
{{- end }}
{{- end }}
{{- if and .Values.secrets.secretKey (lt (len .Values.secrets.secretKey) 32) }}
{{- fail "secrets.secretKey is too short: set it to 32 characters or more, for example from `openssl rand -hex 32`, or leave it empty: the chart then makes one and keeps it." }}
{{- end }}
{{- range $name, $secrets := dict "secrets.yamlSecret" .Values.secrets.yamlSecret "secrets.eventsSecret" .Values.secrets.eventsSecret }}
{{- range $secret := splitList "," $secrets }}
{{- if and $secrets (or (not $secret) (ne $secret (trim $secret)) (regexMatch "[[:cntrl:]]" $secret)) }}
{{- fail (printf "%s cannot be used: one of its secrets is empty, or has white space around it or a line end in it." $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := dict "secrets.droneToken" .Values.secrets.droneToken "secrets.githubClientSecret" .Values.secrets.githubClientSecret "secrets.gitlabClientSecret" .Values.secrets.gitlabClientSecret "secrets.giteaClientSecret" .Values.secrets.giteaClientSecret "secrets.oidcClientSecret" .Values.secrets.oidcClientSecret "signIn.github.clientId" .Values.signIn.github.clientId "signIn.gitlab.clientId" .Values.signIn.gitlab.clientId "signIn.gitea.clientId" .Values.signIn.gitea.clientId "signIn.oidc.clientId" .Values.signIn.oidc.clientId }}
{{- if regexMatch "[^!-~]" $value }}
{{- fail (printf "%s holds white space, a line end or something that is not ASCII: copy it once more." $name) }}
{{- end }}
{{- end }}
{{- range .Values.settings.allowedHosts }}
{{- if not (regexMatch `^([^/:\s]+|\[[^\]/\s]+\])(:[0-9]+)?$` .) }}
{{- fail (printf "settings.allowedHosts: %s is no name of a host, such as edrone.example.com, without https:// and paths." .) }}
{{- end }}
{{- end }}
{{- $ways := .Values.signIn.trustedProxies }}
{{- range $kind := list "github" "gitlab" "gitea" "oidc" }}
{{- $id := index (index $.Values.signIn $kind) "clientId" }}
{{- $secret := index $.Values.secrets (printf "%sClientSecret" $kind) }}
{{- if and $id (not $secret) (not $.Values.secrets.existing) }}
{{- fail (printf "signIn.%s.clientId is set: set secrets.%sClientSecret too, or secrets.existing to a Secret with EDRONE_%s_CLIENT_SECRET in it." $kind $kind (upper $kind)) }}
{{- end }}
{{- if and $secret (not $id) }}
{{- fail (printf "secrets.%sClientSecret is set, but signIn.%s.clientId is not: set both, or neither." $kind $kind) }}
{{- end }}
{{- if $id }}{{ $ways = append $ways $id }}{{ end }}
{{- end }}
{{- if and (not .Values.signIn.passwords) (not $ways) }}
{{- fail "signIn.passwords is off, so nobody could sign in: set up a provider under signIn, or signIn.trustedProxies." }}
{{- end }}
{{- if and .Values.settings.grantsFromDrone .Values.settings.droneForge (not (index .Values.signIn .Values.settings.droneForge).clientId) }}
{{- fail (printf "settings.droneForge is %s, but nobody can sign in with it, so nobody would get what Drone says of them: set signIn.%s.clientId." .Values.settings.droneForge .Values.settings.droneForge) }}
{{- end }}
{{- if and .Values.signIn.gitea.clientId (not .Values.signIn.gitea.server) }}
{{- fail "signIn.gitea.clientId is set: set signIn.gitea.server to the address of your Gitea." }}
{{- end }}
{{- if and .Values.signIn.oidc.clientId (not .Values.signIn.oidc.issuer) }}
{{- fail "signIn.oidc.clientId is set: set signIn.oidc.issuer to the address of your provider." }}
{{- end }}
{{- if and (not .Values.secrets.existing) (not .Values.secrets.yamlSecret) (not .Values.settings.allowUnsigned) }}
{{- fail "No secret is shared with Drone: set secrets.yamlSecret to the DRONE_YAML_SECRET of the Drone server, or secrets.existing to a Secret with DRONE_YAML_SECRET in it." }}
{{- end }}
{{- if and .Values.secrets.yamlSecret .Values.settings.allowUnsigned }}
{{- fail "settings.allowUnsigned is on, so secrets.yamlSecret would protect nothing: unset one of them." }}
{{- end }}
{{- if and (eq .Values.tree.source "git") (not .Values.tree.git.repo) }}
{{- fail "No tree is named: set tree.git.repo to the address of the repository that holds projects/, or tree.source to claim or image." }}
{{- end }}
{{- if and (eq .Values.tree.source "claim") (not .Values.tree.existingClaim) }}
{{- fail "tree.source is claim: set tree.existingClaim to the PersistentVolumeClaim that holds the tree." }}
{{- end }}
{{- if eq .Values.tree.source "git" }}
{{- $auth := .Values.tree.git.auth }}
{{- if and (eq $auth.kind "ssh") (not $auth.existingSecret) (not (and $auth.sshKey $auth.knownHosts)) }}
{{- fail "tree.git.auth.kind is ssh: set tree.git.auth.sshKey and tree.git.auth.knownHosts (from ssh-keyscan), or tree.git.auth.existingSecret to a Secret with ssh and known_hosts in it." }}
{{- end }}
{{- if and (eq $auth.kind "token") (not $auth.existingSecret) (not $auth.token) }}
{{- fail "tree.git.auth.kind is token: set tree.git.auth.token, or tree.git.auth.existingSecret to a Secret with username and token in it." }}
{{- end }}
{{- end }}
{{- if and .Values.settings.sign (or (not .Values.drone.server) (not (or .Values.secrets.droneToken .Values.secrets.existing))) }}
{{- fail "settings.sign is on, but edrone cannot ask Drone to sign: set drone.server, and secrets.droneToken to the token of an administrator of Drone." }}
{{- end }}
{{- range $secret := splitList "," .Values.secrets.eventsSecret }}
{{- if and $secret (has $secret (splitList "," $.Values.secrets.yamlSecret)) }}
{{- fail "secrets.eventsSecret is one of secrets.yamlSecret: set it, and DRONE_WEBHOOK_SECRET of the Drone server, to another long random text." }}
{{- end }}
{{- end }}
{{- if and .Values.metrics.enabled (or (eq (int .Values.metrics.port) 8000) (and (eq .Values.tree.source "git") (eq (int .Values.metrics.port) 8002))) }}
{{- fail "metrics.port is taken: edrone itself is on 8000, and git-sync on 8002. Set it to another port." }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "ingress.enabled is on: set ingress.host to the name under which edrone is reached." }}
{{- end }}
{{- if and (or .Values.metrics.serviceMonitor.enabled .Values.metrics.rules.enabled) (not .Values.metrics.enabled) }}
{{- fail "metrics.enabled is off, so metrics.serviceMonitor and metrics.rules would watch nothing: switch it on." }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail "autoscaling.minReplicas is larger than autoscaling.maxReplicas." }}
{{- end }}
{{- end }}
