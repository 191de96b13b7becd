"""The features from the bottom of the stack to the top: each may import those before it, never one behind it.

``create_app`` wires them in this order and ``tests/test_architecture.py`` holds the order. The roofs (routes, api,
jobs, cli) may look anywhere, and nobody imports a roof.
"""

KITS = ("core", "web", "documents", "api", "jobs")

STACK = (
    "core",
    "web",
    "audit",
    "orgs",
    "accounts",
    "notices",
    "documents",
    "hours",
    "laws",
    "bank",
    "papers",
    "exams",
    "attempts",
    "marking",
    "practice",
    "training",
    "competitions",
    "stage",
    "certificates",
    "assessments",
    "reports",
    "api",
    "admin",
    "jobs",
    "demo",
)

ROOFS = ("routes", "api", "jobs", "cli")
