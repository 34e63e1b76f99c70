{{/* All names begin with it: those of a release `offtake` are those of manifests/. */}}
{{- define "offtake.name" -}}
{{- ternary .Release.Name (printf "%s-offtake" .Release.Name) (contains "offtake" .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "offtake.operator" -}}
{{- printf "%s-operator" (include "offtake.name" .) -}}
{{- end -}}

{{- define "offtake.workerNamespace" -}}
{{- default .Release.Namespace .Values.worker.namespace -}}
{{- end -}}

{{- define "offtake.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{/* On every object. */}}
{{- define "offtake.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{/* By what the operator's pods are found. */}}
{{- define "offtake.selector" -}}
app.kubernetes.io/name: offtake-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Rules of the namespace in which workers run. */}}
{{- define "offtake.workerRules" -}}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, create, patch, delete]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, delete]
{{- end -}}

{{/* Of the Roles' bindings: the operator's ServiceAccount. */}}
{{- define "offtake.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "offtake.operator" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
