{{/* What reading builds takes: the tree, both databases, and what Drone says of people. */}}
{{- define "edrone.readingEnv" -}}
{{- $secret := include "edrone.secretName" . -}}
- name: EDRONE_STATE
  value: /var/lib/edrone
- name: EDRONE_PROJECTS
  value: {{ include "edrone.projects" . }}
- name: EDRONE_DATABASE_CONNECTIONS
  value: {{ .Values.settings.databaseConnections | quote }}
- name: EDRONE_LOG_FORMAT
  value: {{ .Values.settings.logFormat }}
{{- with .Values.settings.namespaces }}
- name: EDRONE_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- if .Values.settings.grantsFromDrone }}
- name: EDRONE_GRANTS_FROM_DRONE
  value: "true"
- name: EDRONE_DRONE_FORGE
  value: {{ required "settings.droneForge is needed with settings.grantsFromDrone" .Values.settings.droneForge }}
- name: EDRONE_PERMS_MAX_AGE
  value: {{ int .Values.settings.permsMaxAge | quote }}
{{- end }}
- name: SECRET_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: SECRET_KEY}
{{- if not (include "edrone.onSqlite" .) }}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: DATABASE_URL}
{{- end }}
- name: DRONE_DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: DRONE_DATABASE_URL, optional: true}
{{- end }}

{{/* What calling Drone's API takes. */}}
{{- define "edrone.droneApiEnv" -}}
{{- with .Values.drone.server }}
- name: DRONE_SERVER
  value: {{ . | quote }}
{{- end }}
{{- if .Values.drone.caCertificate }}
- name: DRONE_CA_FILE
  value: /etc/drone-ca/ca.pem
{{- end }}
- name: DRONE_TOKEN
  valueFrom:
    secretKeyRef: {name: {{ include "edrone.secretName" . }}, key: DRONE_TOKEN, optional: true}
{{- end }}

{{/* The environment of what sends notices: it answers nobody, so it gets no secret of Drone's requests or of signing in. */}}
{{- define "edrone.noticesEnv" -}}
{{ include "edrone.readingEnv" . }}
{{- if .Values.settings.grantsFromDrone }}
{{- include "edrone.droneApiEnv" . }}
{{- end }}
{{- with .Values.settings.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The environment of the server, and of what changes its tables. */}}
{{- define "edrone.env" -}}
- name: HOST
  value: 0.0.0.0
- name: PORT
  value: "8000"
{{ include "edrone.readingEnv" . }}
{{- include "edrone.droneApiEnv" . }}
- name: EDRONE_WORKERS
  value: {{ .Values.settings.workers | quote }}
- name: EDRONE_THREADS
  value: {{ .Values.settings.threads | quote }}
- name: EDRONE_SHOW_ERRORS
  value: {{ .Values.settings.showErrors }}
- name: EDRONE_DATE_TOLERANCE
  value: {{ .Values.settings.dateTolerance | quote }}
- name: EDRONE_SIGN
  value: {{ .Values.settings.sign | quote }}
- name: EDRONE_NOTICES
  value: {{ and .Values.notices.enabled (eq .Values.database.kind "sqlite") | quote }}
- name: EDRONE_METRICS
  value: {{ .Values.metrics.enabled | quote }}
{{- if .Values.metrics.enabled }}
- name: EDRONE_METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
{{- end }}
{{- with .Values.settings.manualBuildsBy }}
- name: EDRONE_MANUAL_BUILDS_BY
  value: {{ join "," . | quote }}
{{- end }}
{{- if .Values.settings.validateStrict }}
- name: EDRONE_VALIDATE_STRICT
  value: "true"
{{- end }}
{{- with .Values.settings.hsts }}
- name: EDRONE_HSTS
  value: {{ int . | quote }}
{{- end }}
{{- if .Values.settings.allowUnsigned }}
- name: EDRONE_ALLOW_UNSIGNED
  value: "true"
{{- end }}
{{- $hosts := .Values.settings.allowedHosts | default (compact (list .Values.ingress.host "localhost" "127.0.0.1" (include "edrone.fullname" .))) }}
- name: ALLOWED_HOSTS
  value: {{ join "," $hosts | quote }}
{{- $secret := include "edrone.secretName" . }}
{{- if not .Values.signIn.passwords }}
- name: EDRONE_PASSWORDS
  value: "false"
{{- end }}
{{- with .Values.signIn.trustedProxies }}
- name: EDRONE_TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- $address := dict "github" "SERVER" "gitlab" "SERVER" "gitea" "SERVER" "oidc" "ISSUER" }}
{{- range $kind := list "github" "gitlab" "gitea" "oidc" }}
{{- $provider := index $.Values.signIn $kind }}
{{- if $provider.clientId }}
{{- $prefix := printf "EDRONE_%s" (upper $kind) }}
- name: {{ $prefix }}_CLIENT_ID
  value: {{ $provider.clientId | quote }}
- name: {{ $prefix }}_CLIENT_SECRET
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: {{ $prefix }}_CLIENT_SECRET}
{{- with $provider.server | default $provider.issuer }}
- name: {{ $prefix }}_{{ index $address $kind }}
  value: {{ . | quote }}
{{- end }}
{{- with $provider.name }}
- name: {{ $prefix }}_NAME
  value: {{ . | quote }}
{{- end }}
{{- with $provider.groupsClaim }}
- name: {{ $prefix }}_GROUPS_CLAIM
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- if not .Values.settings.allowUnsigned }}
- name: DRONE_YAML_SECRET
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: DRONE_YAML_SECRET}
{{- end }}
- name: EDRONE_EVENTS_SECRET
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: EDRONE_EVENTS_SECRET, optional: true}
{{- with .Values.settings.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where DRONE_CA_FILE is. */}}
{{- define "edrone.caMount" -}}
{{- if .Values.drone.caCertificate -}}
- name: drone-ca
  mountPath: /etc/drone-ca
  readOnly: true
{{- end }}
{{- end }}

{{/* Keeps the tree up to date beside edrone. */}}
{{- define "edrone.gitSync" -}}
{{- $git := .Values.tree.git -}}
- name: git-sync
  image: {{ $git.image.repository }}:{{ $git.image.tag }}
  imagePullPolicy: {{ $git.image.pullPolicy }}
  args:
    - --repo={{ $git.repo }}
    - --ref={{ $git.ref }}
    - --root=/tree
    - --link=current
    - --period={{ $git.period }}
    - --depth=1
    - --max-failures=-1
    - --http-bind=:8002
    - --http-metrics
    {{- if eq $git.auth.kind "ssh" }}
    - --ssh-key-file=/etc/git-secret/ssh
    - --ssh-known-hosts-file=/etc/git-secret/known_hosts
    {{- else if eq $git.auth.kind "token" }}
    - --password-file=/etc/git-secret/token
    {{- end }}
  {{- if eq $git.auth.kind "token" }}
  env:
    - name: GITSYNC_USERNAME
      valueFrom:
        secretKeyRef: {name: {{ include "edrone.gitSecretName" . }}, key: username}
  {{- end }}
  ports:
    - name: git-sync
      containerPort: 8002
  resources:
    {{- toYaml $git.resources | nindent 4 }}
  securityContext:
    {{- include "edrone.containerSecurity" . | nindent 4 }}
    # The user that its image knows: ssh works for no other. It writes to the tree as a member of the pod's group.
    runAsUser: 65533
    runAsGroup: 65533
  volumeMounts:
    - name: tree
      mountPath: /tree
    - name: git-tmp
      mountPath: /tmp
    {{- if ne $git.auth.kind "none" }}
    - name: git-secret
      mountPath: /etc/git-secret
      readOnly: true
    {{- end }}
{{- end }}

{{/* The volumes of every pod that runs edrone. */}}
{{- define "edrone.volumes" -}}
- name: state
  {{- if include "edrone.onSqlite" . }}
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim | default (include "edrone.fullname" .) }}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: tmp
  emptyDir: {}
{{- if .Values.drone.caCertificate }}
- name: drone-ca
  configMap:
    name: {{ include "edrone.fullname" . }}-drone-ca
{{- end }}
{{- if eq .Values.tree.source "git" }}
- name: tree
  emptyDir: {}
- name: git-tmp
  emptyDir: {}
{{- if ne .Values.tree.git.auth.kind "none" }}
- name: git-secret
  secret:
    secretName: {{ include "edrone.gitSecretName" . }}
    defaultMode: 0440
{{- end }}
{{- else if eq .Values.tree.source "claim" }}
- name: tree
  persistentVolumeClaim:
    claimName: {{ .Values.tree.existingClaim }}
    readOnly: true
{{- end }}
{{- end }}
