/* What `run_child` runs in a process of its own; see children.c. */
#ifndef CHILDREN_H
#define CHILDREN_H

/* How many events the children record, as text and as a number. */
#define CHILD_EVENTS 500

#endif /* CHILDREN_H */
