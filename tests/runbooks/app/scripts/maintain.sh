#!/bin/sh
# --vacuum vacuums.
true
