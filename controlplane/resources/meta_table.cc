#include "controlplane/resources/tables.h"

namespace offtake::resources {

template <>
const ObjectType& table<OwnerReference>() {
  static const ObjectType type =
      Table<OwnerReference>("OwnerReference", "An object that this one goes with when it is deleted")
          .field("apiVersion", &OwnerReference::api_version, "Group and version of the owner", required())
          .field("kind", &OwnerReference::kind, "Kind of the owner", required())
          .field("name", &OwnerReference::name, "Name of the owner", required())
          .field("uid", &OwnerReference::uid, "Uid of the owner", required())
          .field("controller", &OwnerReference::controller, "Whether the owner manages this object")
          .field("blockOwnerDeletion", &OwnerReference::block_owner_deletion,
                 "Whether a foreground deletion of the owner waits for this object")
          .done();
  return type;
}

template <>
const ObjectType& table<ObjectMeta>() {
  static const ObjectType type =
      Table<ObjectMeta>("ObjectMeta", "Name, labels and what the store keeps about the object")
          .field("name", &ObjectMeta::name, "Name, unique for the kind within its namespace", at_most(253))
          .field("generateName", &ObjectMeta::generate_name, "Prefix of a name that the store makes up",
                 at_most(240))
          .field("namespace", &ObjectMeta::namespace_name, "Namespace of the object", at_most(63))
          .field("uid", &ObjectMeta::uid, "Identity of the object over all time; given by the store",
                 at_most(64))
          .field("resourceVersion", &ObjectMeta::resource_version,
                 "Version of the object; given by the store", at_most(32))
          .field("generation", &ObjectMeta::generation, "Counts edits of the spec; given by the store")
          .field("creationTimestamp", &ObjectMeta::creation_time, "When it was made; given by the store")
          .field("deletionTimestamp", &ObjectMeta::deletion_time, "When its deletion was asked for")
          .plain("deletionGracePeriodSeconds", FieldKind::kInteger, "Given by the store")
          .field("labels", &ObjectMeta::labels, "Labels, for selectors", at_most(256), keys_like(kLabelKey),
                 each(like(kLabelValue)))
          .field("annotations", &ObjectMeta::annotations, "Free notes, not for selectors", at_most(256),
                 keys_like(kLabelKey))
          .field("finalizers", &ObjectMeta::finalizers, "Who must let go before the object is removed",
                 at_most(64), set_list(), each(like(kLabelKey)))
          .field("ownerReferences", &ObjectMeta::owner_references, "Objects that this one goes with",
                 at_most(64), map_list({"uid"}))
          .plain("managedFields", FieldKind::kAny, "Which manager owns which field; given by the store")
          .plain("selfLink", FieldKind::kString, "Of old clients; ignored")
          .done();
  return type;
}

template <>
const ObjectType& table<Condition>() {
  static const ObjectType type =
      Table<Condition>("Condition", "One aspect of the present state")
          .field("type", &Condition::type, "Which aspect", required(), at_most(316))
          .field("status", &Condition::status, "Whether it holds", required())
          .field("reason", &Condition::reason, "Why, as one stable word", at_most(1024))
          .field("message", &Condition::message, "Why, as a sentence", at_most(4096))
          .field("observedGeneration", &Condition::observed_generation, "The generation that it speaks about")
          .field("lastTransitionTime", &Condition::last_transition_time, "When status last changed")
          .done();
  return type;
}

template <>
const ObjectType& table<SecretRef>() {
  static const ObjectType type = Table<SecretRef>("SecretRef", "A Secret")
                                     .field("name", &SecretRef::name, "Name of the Secret", required(),
                                            like(kSubdomainName), refers_to("Secret"))
                                     .done();
  return type;
}

template <>
const ObjectType& table<SecretKeyRef>() {
  static const ObjectType type =
      Table<SecretKeyRef>("SecretKeyRef", "One key of a Secret")
          .field("name", &SecretKeyRef::name, "Name of the Secret", required(), like(kSubdomainName),
                 refers_to("Secret"))
          .field("key", &SecretKeyRef::key, "Key within the Secret", required(), like(kSecretKey))
          .done();
  return type;
}

template <>
const ObjectType& table<LabelRequirement>() {
  static const ObjectType type =
      Table<LabelRequirement>("LabelRequirement", "One condition on labels")
          .field("key", &LabelRequirement::key, "The label", required(), like(kLabelKey))
          .field("operator", &LabelRequirement::op, "How the label relates to the values", required(),
                 one_of({"In", "NotIn", "Exists", "DoesNotExist"}))
          .field("values", &LabelRequirement::values, "For In and NotIn", at_most(64),
                 each(like(kLabelValue)))
          .done();
  return type;
}

template <>
const ObjectType& table<LabelSelector>() {
  static const ObjectType type =
      Table<LabelSelector>("LabelSelector", "Which labels an object must carry; all conditions hold")
          .field("matchLabels", &LabelSelector::match_labels, "Labels with exactly these values", at_most(64),
                 keys_like(kLabelKey), each(like(kLabelValue)))
          .field("matchExpressions", &LabelSelector::match_expressions, "Further conditions", at_most(64))
          .done();
  return type;
}

PrinterColumn ready_column() {
  return {"Ready", "string", ".status.conditions[Ready].status", 0,
          "Whether the present spec is in force and serves"};
}

PrinterColumn status_column() {
  return {"Status", "string", ".status.conditions[Ready].reason", 0, "Why, in one word"};
}

PrinterColumn age_column() {
  return {"Age", "date", ".metadata.creationTimestamp", 0, "Time since it was made"};
}

}  // namespace offtake::resources
